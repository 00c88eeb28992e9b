# make demo    install into .venv, run the benchmark on 2,500 real images, write report.html
# make test    install into .venv, then formatting, lint, types and tests
# make test-fast    the tests alone, without those that run networks, Chromium or processes (two minutes)
# make nightly  the tests that take minutes each, which make test leaves out (half an hour)
# make golden  compare every digit of a demo, ten cells and three probes with what is stored (five minutes)
# make tables  copy the records under runs/ to reports/results/ and write the README's tables
# make docs    write the reference pages from the code and build the documentation into site/
# make tutorials  run the guides as notebooks and write what they show into their pages (five minutes)
# make benchmark    measure every row of the table of speeds (half an hour)
# make profile      measure where the time goes, and whether bfloat16 changes a score (a quarter of an hour)
# make screenshots  photograph report.html and the committed records in headless Chromium for the README

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast nightly golden tables docs tutorials benchmark profile screenshots clean

demo: .venv/installed
	$(BIN)/bench run --method biggan-logit --method dosovitskiy-brox-2016a --method dosovitskiy-brox-2016b \
	    --classifier robust_resnet152
	$(BIN)/bench probe noise --method biggan-logit --classifier robust_resnet152
	$(BIN)/bench probe scale --method biggan-logit --classifier robust_resnet152
	$(BIN)/bench report

test: .venv/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile

test-fast: .venv/installed-test
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile \
	    -m "not slow and not slurm and not networks and not browser and not processes"

nightly: .venv/installed-test
	$(BIN)/pytest -m slow

golden: .venv/installed-test
	$(BIN)/python -m tests.golden

tables: .venv/installed
	$(BIN)/python -m studies.reports.tables --collect runs

docs: .venv/installed-docs
	$(BIN)/python -m studies.docs.reference
	$(BIN)/mkdocs build --strict

tutorials: .venv/installed-test
	$(BIN)/python -m studies.docs.tutorials

benchmark: .venv/installed-test
	-$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.tables

profile: .venv/installed-test
	$(BIN)/python -m tests.benchmarks.where
	-$(BIN)/python -m tests.benchmarks.precision
	$(BIN)/python -m tests.benchmarks.tables

screenshots: .venv/installed-test
	$(BIN)/python -m studies.reports.screenshots report.html
	$(BIN)/bench report --runs reports/results --out records.html
	$(BIN)/python -m studies.reports.screenshots records.html --only matrix

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed, this is " + sys.version'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt --editable .
	@touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

.venv/installed-docs: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@

clean:
	rm -rf .venv runs report.html site build *.egg-info
