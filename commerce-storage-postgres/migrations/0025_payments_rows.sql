-- What rows of before mean: what is paid was captured, and what is held is to be paid until then.

update payments
   set captured = amount, paid_at = created_at
 where state in ('paid', 'partially_refunded', 'refunded') and captured = 0 and paid_at is null;

update orders o
   set pay_until = r.expires_at
  from (select order_id, min(expires_at) as expires_at
          from reservations
         where state = 'open' and expires_at is not null
         group by order_id) r
 where r.order_id = o.id and o.pay_until is null and o.status = 'pending' and o.payment_status in ('pending', 'due');
