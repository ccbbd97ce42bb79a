"""How fast mail may leave, shared by all workers: limits in words, the rows that count, and the gate that is asked."""
