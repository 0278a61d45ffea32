-- Rows of these have the id of the document. `every` has the same mark in each, for what is only said not to be there.
CREATE VIRTUAL TABLE search_terms USING fts5 (
    name, labels, attributes, description, every,
    content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'"
);

-- The words by which a product is found while somebody types.
CREATE VIRTUAL TABLE search_typed USING fts5 (
    words, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'ascii'
);

-- The words by three letters each.
CREATE VIRTUAL TABLE search_spellings USING fts5 (
    word, content = 'search_words', content_rowid = 'id', tokenize = 'trigram'
);
