"""The diffusion policy: a conditional denoising actor guided by double critics."""
