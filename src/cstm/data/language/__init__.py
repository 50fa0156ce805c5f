"""Language: words as numbers, what people mean by them, and what tells actors apart."""
