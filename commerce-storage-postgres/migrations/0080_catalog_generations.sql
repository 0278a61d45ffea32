-- Which state of the catalogue is the present one: the sum of these counters, each moved on in the transaction of the change.
create table if not exists catalog_generations (
    shard      bigint primary key,
    generation bigint not null,
    constraint catalog_generations_generation_check check (generation > 0)
);
