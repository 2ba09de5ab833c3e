"""What the maps are worth, over many photos: their faithfulness, and whether they depend on what the networks learnt."""
