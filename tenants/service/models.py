"""Orders to the field: supply stopped and resumed, with the notice that has to be given first."""
