"""Careplan: plan, individual programme, decision, contract, enrolment."""
