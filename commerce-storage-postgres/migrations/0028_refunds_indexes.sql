create index if not exists payments_check on payments (check_at) where check_at is not null;
create index if not exists orders_pay_until on orders (pay_until)
    where pay_until is not null and status = 'pending' and payment_status in ('pending', 'due');
create index if not exists unmatched_payments_state on unmatched_payments (state, id);
create index if not exists unmatched_payments_order on unmatched_payments (order_id) where order_id is not null;
create index if not exists refunds_order on refunds (order_id) where order_id is not null;
create index if not exists refunds_payment on refunds (payment_id) where payment_id is not null;
create index if not exists refunds_unmatched on refunds (unmatched_id) where unmatched_id is not null;
create index if not exists refunds_check on refunds (check_at) where check_at is not null;
create index if not exists refund_lines_line on refund_lines (line_id);
create index if not exists journal_entries_at on journal_entries (at);
create index if not exists journal_entries_order on journal_entries (order_id) where order_id is not null;
create index if not exists payment_messages_waiting on payment_messages (next_at) where state = 'waiting';
create index if not exists payment_messages_parked on payment_messages (id) where state = 'parked';
