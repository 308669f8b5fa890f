"""qingdan solver: the problem class, prices, certificates and backends. It knows no communities."""
