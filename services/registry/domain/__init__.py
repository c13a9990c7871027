"""The rules of the register: pure, standard library, pydantic and contracts only."""
