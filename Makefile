# A thin wrapper: everything is done by mybcat/embedded/, which needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
MYBCAT = $(PYTHON) -m mybcat.embedded
BENCH = $(MYBCAT) run -- python -m bench

.DEFAULT_GOAL := help
.PHONY: help up test check fix lock backup restore demo-reset operator-code bench bench-booking bench-race bench-reads bench-searches bench-tenancy bench-isolation bench-gateway bench-bulk bench-fanout bench-neighbours bench-chaos bench-live bench-desk bench-waitlist bench-conformance

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install, start everything, load the demo practices; Ctrl-C stops it (another port: make up PORT=9000)
	@$(MYBCAT) up

test: ## Install what is missing and run all tests (some: make test ARGS="-k booking"; one after the other: TEST_LANES=1)
	@$(MYBCAT) test $(ARGS)

check: ## Look for what is not in order: style, types, imports, missing migrations; change nothing
	@$(MYBCAT) check

fix: ## Put style right
	@$(MYBCAT) fix

lock: ## Pin requirements*.txt anew from requirements*.in (newer versions: make lock ARGS=--upgrade)
	@$(MYBCAT) lock $(ARGS)

backup: ## Write all data to a new file, while everything runs or not (make backup ARGS="/backups/monday.dump")
	@$(MYBCAT) backup $(ARGS)

restore: ## Put a backup in the place of the data, with everything stopped (make restore ARGS="/backups/monday.dump")
	@$(MYBCAT) restore $(ARGS)

demo-reset: ## Put the demo practices back to how they were
	@$(MYBCAT) run -- python manage.py demo --reset

operator-code: ## Print a second factor of the demo operator, for whom has no authenticator at hand
	@$(MYBCAT) run -- python manage.py operator_code $(ARGS)

bench: bench-booking bench-race bench-reads bench-tenancy bench-gateway bench-conformance ## Measure everything, one after the other

bench-booking: ## Measure how many bookings a second, and how long each takes
	@$(BENCH).booking $(ARGS)

bench-race: ## Measure many agents after one slot: exactly one gets it
	@$(BENCH).race $(ARGS)

bench-searches: ## Measure searches for times over 20 practitioners and 90 days, why-not, and the workspace
	@$(BENCH).searches $(ARGS)

bench-reads: ## Measure calendars, searches and lists
	@$(BENCH).reads $(ARGS)

bench-tenancy: ## Measure what row-level security costs
	@$(BENCH).tenancy $(ARGS)

bench-isolation: ## Probe every operation and place with another practice's ids
	@$(BENCH).isolation $(ARGS)

bench-gateway: ## Measure what the gateway adds to a request of a known caller
	@$(BENCH).gateway $(ARGS)

bench-bulk: ## Measure how fast a bulk job is accepted and sent, and the worker's memory (ARGS="--messages 300000")
	@$(BENCH).bulk $(ARGS)

bench-fanout: ## Measure relay, webhooks, and how soon a booking is the patient's text
	@$(BENCH).fanout $(ARGS)

bench-neighbours: ## Measure what bookings notice of a bulk job and of a flood of webhooks
	@$(BENCH).neighbours $(ARGS)

bench-chaos: ## Kill processes and empty Redis while patients are booked; nothing may be lost, doubled or out of order
	@$(BENCH).chaos $(ARGS)

bench-live: ## Measure how soon, how fast and how cheaply open sockets hear of changes and of clinicians
	@$(BENCH).live $(ARGS)

bench-desk: ## Measure how soon an agent can work on a full day, in headless Chromium
	@$(BENCH).desk $(ARGS)

bench-waitlist: ## Measure 200 cancelled times and 2,000 who wait: each time goes to one, all others are told, nobody at night
	@$(BENCH).waitlist $(ARGS)

bench-conformance: ## Send generated requests to every operation; every answer must be as published
	@$(BENCH).conformance $(ARGS)

# The targets share one machine: side by side they would measure each other.
.NOTPARALLEL:
