"""Journeys of vehicles: itineraries, passed and next sites, doubts."""
