"""What the panel's figures are held against: three of its answers by the least Python that is safe, on the same tables.

Nothing of the panel imports it. An idea for making an answer cheaper is tried here before it goes into the product.
"""
