"""Finding an organisation's repositories for the catalogue: looked through, shown, and registered on yes."""
