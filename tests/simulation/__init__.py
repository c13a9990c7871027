"""The six real services on a store, a broker and a clock in memory; one seed decides everything."""
