"""One virtual patient under several therapies, side by side: what `unmask patient` computes and writes."""
