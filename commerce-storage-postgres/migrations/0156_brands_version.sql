-- How often a brand was changed. The default is for a version of the program that does not know it.

set local lock_timeout = '2s';

alter table brands add column if not exists version bigint not null default 1;
