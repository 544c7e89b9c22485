# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash

BUILD  ?= build
VENV   := build/venv
MODEL  ?= models/shapes-128
PROMPT ?= a small red circle above a large blue square on a white background
OUTPUT ?= $(BUILD)/picture.png
PORT   ?= 8080
CUDA   ?= 0
PYTHON := $(VENV)/bin/python
CMAKE_FLAGS := -DSD_WORKER_CUDA=$(CUDA)

export HF_HUB_OFFLINE := 1

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: deps
deps: ## install what the build needs (Debian packages, the torch wheel)
	@tools/setup/system_packages.sh tools/setup/debian-packages.txt
	@tools/setup/python_env.sh $(VENV) $(if $(filter 1,$(CUDA)),cuda,torch)

.PHONY: deps-test
deps-test: deps ## install what the tests need beside that (the reference implementation)
	@tools/setup/system_packages.sh tools/setup/debian-packages.txt tools/setup/debian-packages-dev.txt
	@tools/setup/python_env.sh $(VENV) test

.PHONY: build
build: deps ## build build/sd-worker (CUDA=1: with the CUDA path)
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) $(if $(wildcard $(BUILD)/CMakeCache.txt),,-DSD_WORKER_TESTS=OFF) --log-level=WARNING >/dev/null
	@cmake --build $(BUILD) --target sd-worker

.PHONY: run
run: picture ## install what is missing, build, make a picture, then start the worker with the bundled model
	@echo 'Starting the worker. Once it listens, try in another terminal:'
	@echo "  curl -s -X POST http://127.0.0.1:$(PORT)/v1/jobs -H 'Content-Type: application/json' -d '{\"operation\":\"image_generation\",\"prompt\":\"a red circle on a blue background\"}'"
	@echo 'or open http://127.0.0.1:$(PORT)/ in a browser. Ctrl-C stops it.'
	@exec $(BUILD)/sd-worker serve --model $(MODEL) --port $(PORT)

.PHONY: picture
picture: build ## make one picture without a server: make picture PROMPT="..."
	@$(BUILD)/sd-worker generate --model $(MODEL) --prompt "$(PROMPT)" --output $(OUTPUT)

.PHONY: build-test
build-test: deps-test
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) -DSD_WORKER_TESTS=ON --log-level=WARNING >/dev/null
	@cmake --build $(BUILD)

.PHONY: test
test: build-test ## every test
	@ctest --test-dir $(BUILD) --output-on-failure -j 2
	@$(PYTHON) -m pytest tests --ignore tests/package --ignore tests/browser -m "not alone" -n 2 --dist worksteal
	@$(PYTHON) -m pytest tests --ignore tests/package -m alone
	@$(PYTHON) -m pytest tests/browser

.PHONY: test-full test-full-all
test-full: build-test ## full-size models with random weights against plain ATen, on every instruction set of this machine
	@$(PYTHON) tools/test_full.py
test-full-all: build-test ## the same without leaving anything out, with Stable Diffusion 2.1 and XL (an hour or more)
	@$(PYTHON) tools/test_full.py --all

.PHONY: test-asan test-tsan
test-asan: deps-test ## unit tests under AddressSanitizer and UBSan
	@cmake --preset asan --log-level=WARNING >/dev/null && cmake --build --preset asan && ctest --preset asan
test-tsan: deps-test ## unit tests of threads and queues under ThreadSanitizer
	@cmake --preset tsan --log-level=WARNING >/dev/null && cmake --build --preset tsan && ctest --preset tsan

.PHONY: test-arm64
test-arm64: ## the kernels' tests built for ARM64, under qemu
	@tools/setup/system_packages.sh tools/setup/debian-packages-arm64.txt
	@tools/test_arm64.sh $(BUILD)/arm64

.PHONY: package test-package
package: build ## build/packages: a relocatable tarball and a .deb
	@tools/setup/system_packages.sh <(echo dpkg-dev file)
	@rm -rf $(BUILD)/packages
	@cmake -E chdir $(BUILD) cpack -G "TGZ;DEB" >/dev/null && ls -lh $(BUILD)/packages/*.*
test-package: package deps-test ## use the packages as another user, from another folder
	@$(PYTHON) -m pytest tests/package

.PHONY: gpu-check
gpu-check: ## build with CUDA, run the GPU's tests, time it beside diffusers; says where there is no GPU
	@tools/gpu_check.sh

.PHONY: fuzz
fuzz: deps-test ## run every fuzz target for a minute
	@cmake --preset fuzz --log-level=WARNING >/dev/null && cmake --build --preset fuzz && tests/fuzz/run.sh build/fuzz 60

.PHONY: demo-accuracy
demo-accuracy: build deps-test ## judge the bundled model on prompts its training never saw
	@$(PYTHON) tools/demo_accuracy.py

.PHONY: bench bench-all
bench: build deps-test ## time sd-worker and its peers on full-size models; writes this machine's page of docs/performance
	@tools/setup/python_env.sh $(VENV) bench
	@$(PYTHON) bench/report.py
bench-all: build deps-test ## the same with the sizes that take hours
	@tools/setup/python_env.sh $(VENV) bench
	@$(PYTHON) bench/report.py --all

.PHONY: format lint
format: ## format the code
	@git ls-files '*.cpp' '*.h' | xargs clang-format-14 -i
lint: build-test ## check formatting, then clang-tidy
	@git ls-files '*.cpp' '*.h' | xargs clang-format-14 --dry-run -Werror
	@$(PYTHON) tools/lint.py $(BUILD)

.PHONY: clean
clean: ## remove build products, keep the Python environment
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} +
