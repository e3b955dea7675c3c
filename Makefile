# make run    build, and protect this host
# make demo   watch an attack being stopped, in namespaces; changes nothing here
# make test   everything; what needs root says so when there is none
# make bench  beside fail2ban, ripgrep and nft, printed as ratios
# make fuzz   every parser, for a bounded time
# make lint   format, clippy, licences

CARGO ?= cargo
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PALISADE := target/release/palisade

.PHONY: run demo test bench fuzz lint build setup

build: setup
	$(CARGO) build --release --locked -p palisade

run: build
	$(SUDO) $(PALISADE) run

demo: build
	$(PALISADE) demo

test: setup
	tests/install peers
	$(CARGO) test --workspace --locked

bench: build
	tests/install peers bench
	bench/run

fuzz: setup
	tests/install fuzz
	fuzz/run

lint:
	tests/install lint fuzz
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --locked -- -D warnings
	$(CARGO) deny check bans licenses sources

setup:
	tests/install build
