"""Dynamic 3-D scenes of Gaussians that move by a few shared rigid motions (paper 000, section 2.3); torch."""
