"""Two client libraries for Python, each through a payment and a refund."""

import os
import urllib.request
from importlib.metadata import version

URL, KEY = os.environ["SANDBOX_URL"], os.environ["SANDBOX_KEY"]
EMAIL = "ama@shop.example"


def pay(reference):
    """The payer, who pays on the page of the gateway."""
    path = f"{URL}/_sandbox/transactions/{reference}/pay"
    urllib.request.urlopen(urllib.request.Request(path, method="POST"))


def paystackapi():
    from paystackapi.paystack import Paystack
    from paystackapi.refund import Refund

    client = Paystack(secret_key=KEY)
    opened = client.transaction.initialize(reference="one", amount="40000", email=EMAIL, metadata={"cart": 1})
    assert opened["data"]["reference"] == "one", opened
    pay("one")
    assert client.transaction.verify(reference="one")["data"]["status"] == "success"
    assert client.transaction.list()["meta"]["total"] == 1
    assert Refund.create(transaction="one")["status"] is True
    assert len(Refund.list()["data"]) == 1
    assert client.transaction.verify(reference="nobody")["status"] is False


def pypaystack2():
    from pypaystack2 import PaystackClient
    from pypaystack2.enums import Country

    client = PaystackClient(secret_key=KEY)
    opened = client.transactions.initialize(amount=5000, email=EMAIL, reference="two")
    assert opened.status and opened.data, opened
    pay("two")
    verified = client.transactions.verify(reference="two")
    assert verified.data.status == "success" and verified.data.amount == 5000, verified
    assert len(client.transactions.get_transactions().data) == 2
    assert client.refunds.create(transaction="two").status
    assert client.miscellaneous.get_banks(country=Country.NIGERIA).data
    assert client.customers.create(email="kofi@shop.example").data.customer_code


for story in (paystackapi, pypaystack2):
    story()
    print(f"{story.__name__} {version(story.__name__)}: well")
