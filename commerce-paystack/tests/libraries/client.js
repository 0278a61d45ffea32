// Three client libraries for Node, each through what it knows of a payment and of a refund.
const assert = require('node:assert/strict');
const { SANDBOX_URL: url, SANDBOX_KEY: key } = process.env;
const email = 'ama@shop.example';

// The payer, who pays on the page of the gateway.
const pay = (reference) => fetch(`${url}/_sandbox/transactions/${reference}/pay`, { method: 'POST' });

async function paystack() {
  const client = require('paystack')(key);
  const opened = await client.transaction.initialize({ email, amount: '20000', reference: 'one', metadata: { cart: 1 } });
  assert.ok(opened.status && opened.data.authorization_url.startsWith('http'));
  await pay('one');
  const verified = await client.transaction.verify('one');
  assert.equal(verified.data.status, 'success');
  assert.equal(verified.data.amount, 20000);
  assert.equal((await client.transaction.get(verified.data.id)).data.reference, 'one');
  assert.equal((await client.transaction.list({ perPage: 2 })).data.length, 1);
  const made = await client.customer.create({ email: 'kofi@shop.example', first_name: 'Kofi' });
  const renamed = await client.customer.update(made.data.customer_code, { last_name: 'Mensah' });
  assert.equal(renamed.data.last_name, 'Mensah');
  assert.ok((await client.misc.list_banks({ country: 'nigeria' })).data.length > 0);
  const unknown = await client.transaction.verify('nobody').catch((error) => error.error ?? error);
  assert.equal(unknown.status, false);
}

async function sdk() {
  const Paystack = require('paystack-sdk');
  const client = new Paystack(key);
  const opened = await client.transaction.initialize({ email, amount: '30000', reference: 'two', channels: ['card'] });
  assert.equal(opened.data.reference, 'two');
  await assert.rejects(client.transaction.initialize({ email, amount: '30000', reference: 'two' }));
  const card = { number: '5060666666666666666', cvv: '123', expiry_month: '12', expiry_year: '40' };
  const charged = await client.charge.create({ email, amount: '50000', reference: 'three', card });
  assert.equal(charged.data.status, 'send_pin');
  assert.equal((await client.charge.submitPIN({ pin: '1234', reference: 'three' })).data.status, 'send_otp');
  assert.equal((await client.charge.submitOTP({ otp: '123456', reference: 'three' })).data.status, 'success');
  assert.equal((await client.transaction.verify('three')).data.status, 'success');
  const refund = await client.refund.create({ transaction: 'three', amount: 10000 });
  assert.ok(refund.status, refund.message);
}

async function node() {
  const Client = require('paystack-node');
  const client = new Client(key, 'test');
  const opened = await client.initializeTransaction({ email, amount: 500000, reference: 'four' });
  assert.equal(opened.body.data.reference, 'four');
  await pay('four');
  assert.equal((await client.verifyTransaction({ reference: 'four' })).body.data.status, 'success');
}

(async () => {
  for (const [name, story] of Object.entries({ paystack, 'paystack-sdk': sdk, 'paystack-node': node })) {
    await story();
    console.log(`${name} ${require(`${process.cwd()}/node_modules/${name}/package.json`).version}: well`);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
