"""The cloud-edge-end VR service (paper 000, SC-CEE-Meta): who computes what, with which codecs and rates."""
