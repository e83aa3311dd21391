# What make does besides building: run, check, measure, install.
deps-build:
.PHONY: deps-build
