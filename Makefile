# Every command of the project. Needs Python 3.11 to 3.13 and make, nothing else; installs into .venv only.

PORT   ?= 8080
PYTHON ?=
EXTRAS ?=
ARGS   ?=
FOLDER ?=
MINUTES ?= 60

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
UV  := .cache/uv/bin/uv

# uv installs a lock in a small part of pip's time; where it cannot (it reads no settings of pip), pip does.
INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $(1) --no-deps 2>/dev/null || \
    $(PIP) install --require-hashes -r $(1) --no-deps

# Of the many processes that the checks start, each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

# Extras, each with a lock of its own: otel (traces), spark (the other engine of the replay, half a gigabyte).
KNOWN := otel spark
ifneq ($(filter-out $(KNOWN),$(EXTRAS)),)
$(error EXTRAS=$(EXTRAS) is not known, only: $(KNOWN))
endif
WITH_EXTRAS := $(patsubst %,.venv/.installed-%,$(EXTRAS))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install dev serve test check fix rulebook mutate fuzz bench soak audit screenshots lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: .venv/.installed $(WITH_EXTRAS) ## create .venv with the locked packages and the project (EXTRAS=spark, PYTHON=python3.12)
	@:

serve: install ## start the service on this machine (PORT=9000 for another port than 8080)
	@exec $(BIN)/platelet-hooks serve --host 127.0.0.1 --port $(PORT)

# In the order and the groups of tests/conftest.py.
TESTS := $(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder -q

test: dev $(WITH_EXTRAS) ## run the tests (ARGS="tests/service -x" to choose)
	@$(TESTS) $(ARGS)

# Asserts (B101) tell the type checker what is known; no input is refused by one. The replay composes its SQL of its own
# words and numbers over files of its own (B608), and makes up patients from a seed (B311).
SECURITY := $(BIN)/bandit -q -s B101

# Beside the checks before the tests, which use one core, extras are installed and a minute of soak runs, which waits
# more than it works. Tests come last, so that the closing line of a good run is theirs.
check: dev ## run every check: format, lint, types, import contracts, security, rulebook, soak, tests
	@passed=0; failed=; told=$$(mktemp); extras_told=$$(mktemp); \
	$(if $(WITH_EXTRAS),$(MAKE) --no-print-directory $(WITH_EXTRAS) >$$extras_told 2>&1 & extras=$$!;) \
	$(BIN)/python -m tests.soak --minutes 1 --rate 8 >$$told 2>&1 & soak=$$!; \
	run() { \
	    name=$$1; shift; printf '\n== %s\n' "$$name"; \
	    if "$$@"; then passed=$$((passed + 1)); else failed="$$failed $$name"; fi; \
	}; \
	run format $(BIN)/ruff format --check .; \
	run lint $(BIN)/ruff check .; \
	run types $(BIN)/mypy; \
	run imports $(BIN)/lint-imports; \
	run security $(SECURITY) -r cards cds_service -x cds_service/replay; \
	run security-of-replay $(SECURITY),B311,B608 -r cds_service/replay; \
	run rulebook $(BIN)/python -m cds_service.rulebook --check; \
	run soak wait $$soak; cat $$told; \
	$(if $(WITH_EXTRAS),run extras wait $$extras; cat $$extras_told;) \
	rm -f $$told $$extras_told; \
	run tests $(TESTS); \
	if [ -n "$$failed" ]; then \
	    set -- $$failed; printf '\nfailed: %s\nchecks: %s passed, %s failed\n' "$$*" "$$passed" "$$#"; exit 1; \
	fi

fix: dev ## repair format and lint where a tool can
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

rulebook: dev ## make cards/RULEBOOK.md of the rules' words, numbers, sources and stories
	@$(BIN)/python -m cds_service.rulebook

# mutmut changes the code of a folder, our own mutator numbers, tables, pathogens and codes; both go on where they ended.
mutate: dev ## mutation tests, MINUTES=60 at most (the content; FOLDER=cards/tpo_ra for the code of a folder)
	@$(if $(FOLDER),$(BIN)/python -m tests.mutation.code $(FOLDER) --minutes $(MINUTES) $(ARGS),\
	$(BIN)/python -m tests.mutation.run --minutes $(MINUTES) $(ARGS))

fuzz: dev ## run the property tests with ever new seeds, FUZZ_MINUTES=10
	@$(BIN)/python -m tests.fuzz --minutes $(or $(FUZZ_MINUTES),10) $(ARGS)

bench: dev ## how fast it is, as ratios measured side by side (under five minutes)
	@$(BIN)/python -m bench

soak: dev ## the running service under mixed load and faults, SOAK_MINUTES=60
	@$(BIN)/python -m tests.soak --minutes $(or $(SOAK_MINUTES),60) $(ARGS)

audit: dev ## known vulnerabilities of the locked packages, where advisory data can be reached
	@$(BIN)/python -m tests.house.audit $(ARGS)

screenshots: dev ## make the pictures of the documents from the running product (needs Chromium)
	@$(BIN)/python -m tests.e2e.screenshots

lock: $(UV) ## renew the lock files (ARGS=--upgrade for the newest versions)
	@for lock in requirements.lock requirements-otel.lock requirements-spark.lock requirements-dev.lock \
	        requirements-uv.lock; do \
	    case $$lock in \
	        *-dev.lock) what="pyproject.toml --group build --group dev --extra otel";; \
	        *-otel.lock) what="pyproject.toml --group build --extra otel";; \
	        *-spark.lock) what="pyproject.toml --group build --extra spark -c requirements.lock";; \
	        *-uv.lock) what="--group uv";; \
	        *) what="pyproject.toml --group build";; \
	    esac; \
	    $(UV) pip compile $$what --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	        -q -o $$lock $(ARGS) || exit 1; \
	done

clean: ## remove .venv and everything else that was made
	@rm -rf .venv .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

dev: .venv/.installed-dev

# The newest Python in range that can make environments; else one line that says what is missing.
CREATE_VENV = \
    found=; bare=; seen=; \
    for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
        version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
        case $$version in 3.11|3.12|3.13) ;; *) seen="$$seen $$version"; continue;; esac; \
        if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
        bare=$$python; \
    done; \
    if [ -z "$$found" ] && [ -n "$$bare" ]; then \
        echo "$$bare cannot create environments: install its venv package (Debian: apt-get install python3-venv)" >&2; \
        exit 1; \
    elif [ -z "$$found" ]; then \
        echo "Python 3.11, 3.12 or 3.13 is needed, found:$${seen:- none} (name one: make install PYTHON=...)" >&2; \
        exit 1; \
    fi; \
    echo "Creating .venv with $$found ($$version)"; \
    "$$found" -m venv --clear .venv

.venv/.installed: requirements.lock requirements-uv.lock pyproject.toml
	@$(if $(PYTHON),false,$(BIN)/python -m pip --version >/dev/null 2>&1) || { $(CREATE_VENV); }
	@echo "Installing the locked packages"
	@$(PIP) install --require-hashes -r requirements-uv.lock || echo "without uv, so it takes longer" >&2
	@$(call INSTALL,requirements.lock)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	@echo "Installing the locked packages for development"
	@$(call INSTALL,requirements-dev.lock)
	@touch $@

$(patsubst %,.venv/.installed-%,$(KNOWN)): .venv/.installed-%: .venv/.installed requirements-%.lock
	@echo "Installing the locked packages of the extra $*"
	@$(call INSTALL,requirements-$*.lock)
	@touch $@

$(UV):
	@$(if $(PYTHON),"$(PYTHON)",python3) -m venv .cache/uv
	@.cache/uv/bin/python -m pip --disable-pip-version-check -q install uv
