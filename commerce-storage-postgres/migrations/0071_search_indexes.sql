-- Each over one column: not every relative of PostgreSQL speaks more.
create index if not exists search_documents_terms on search_documents using gin (terms);
create index if not exists search_documents_typed on search_documents using gin (typed);
create index if not exists search_documents_keys on search_documents using gin (keys);
