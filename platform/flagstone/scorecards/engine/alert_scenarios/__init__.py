"""What the alerts of a service do when something happens: nine scenarios, played by promtool.

Series are made from the rules' own selectors, so that no opinion on style is needed.
"""
