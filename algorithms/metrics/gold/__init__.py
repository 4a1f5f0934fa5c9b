"""What learners find beside gold labels, links and tags: counts, and what is made of them."""
