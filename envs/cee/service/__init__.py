"""The whole service of paper 000 on real clips: up, matte, fuse, reconstruct, render, down."""
