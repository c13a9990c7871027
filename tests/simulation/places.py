"""Where the simulated outside parties are."""

FUND, HOOK = "http://fund", "http://hook/notices"
