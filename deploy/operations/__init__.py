"""`opora`, the operator's command: looks at all services of a district and mends, over HTTP."""
