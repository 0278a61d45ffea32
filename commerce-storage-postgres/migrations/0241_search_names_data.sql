-- The words of names stand in the index a second time from now on, with a mark. Documents of before are made anew: by
-- `migrate`, or before the next server listens. Until then they are found as they were.
update search_documents set indexed_as = -1 where indexed_as <> -1;
