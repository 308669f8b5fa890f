"""Real names, codes and figures that the generator draws from."""
