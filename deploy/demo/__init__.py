"""The main job, shown: a hospital's referral becomes an enrolment order, 51 times."""
