"""Stories played through the real core in virtual time; read story, sentences, world, virtual."""
