#!/usr/bin/env bash
# Latency quantiles of sketches: ddsketch 3.0.1, hdrhistogram 0.10.8 and tdigest 0.5.2.2 (PyPI) after the values 1 to
# 1000, and after one value alone.
#
# Guess: no sketch answers with more than the largest value that it was given, nor with less than the smallest; the
# quantile of a single value is that value; the share of values up to the largest is 1.
# Seen: ddsketch gives 1002.43 as the maximum, 0.99 as the minimum, and 100.49 as the median of 100 alone;
# hdrhistogram with two digits gives 1003 as the maximum, also from get_max_value; tdigest keeps the values, but says
# that a share of 0.9995 is at or below the largest. A bound of "at most 1000 ms" may fail with traffic that never
# took longer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ddsketch==3.0.1 hdrhistogram==0.10.8 tdigest==0.5.2.2
venv/bin/python - > seen <<'PY'
from ddsketch import DDSketch
from hdrh.histogram import HdrHistogram
from tdigest import TDigest

sketch, alone, histogram, digest = DDSketch(), DDSketch(), HdrHistogram(1, 3600000, 2), TDigest()
for value in range(1, 1001):
    sketch.add(value)
    histogram.record_value(value)
digest.batch_update(range(1, 1001))
alone.add(100)
print(f'ddsketch {sketch.get_quantile_value(0):.2f} to {sketch.get_quantile_value(1):.2f}')
print(f'ddsketch, 100 alone {alone.get_quantile_value(0.5):.2f}')
print(f'hdrhistogram {histogram.get_value_at_percentile(100)}, max {histogram.get_max_value()}')
print(f'tdigest {digest.percentile(100):g}, share {digest.cdf(1000):.4f}')
PY
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
ddsketch 0.99 to 1002.43
ddsketch, 100 alone 100.49
hdrhistogram 1003, max 1003
tdigest 1000, share 0.9995
WANTED
