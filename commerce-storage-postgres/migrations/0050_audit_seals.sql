-- The chain of hashes over the audit trail, written by a job soon after the rows.
create table if not exists audit_seals (
    position bigint primary key,
    audit_id uuid not null,
    hash     bytea not null,
    constraint audit_seals_audit_key unique (audit_id),
    constraint audit_seals_audit_fkey foreign key (audit_id) references audit (id),
    constraint audit_seals_position_check check (position >= 1),
    constraint audit_seals_hash_check check (length(hash) = 32)
);
