#!/usr/bin/env bash
# Resource quantities as clients read them: kubernetes 37.0.2 (PyPI), kubernetes-model-core 7.3.1 of fabric8 and
# client-java 24.0.0 (Maven). An API server refuses every text of the first list but 1Ei.
#
# Guess: the Python client refuses them, too; the Java clients give 1Ei as 2 to the 60th, 1152921504606846976, and
# client-java writes 0.5Gi as the API server does, 512Mi.
# Seen: the Python client takes a capital K, a blank before the unit, an underscore, both exponents in one text, and
# Infinity; both Java clients give 1Ei with its last digits rounded (the factor went through a double), 24 bytes too
# many; client-java writes 0.5Gi as 536870912.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kubernetes==37.0.2
mkdir -p src/main/java
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>probe</groupId><artifactId>probe</artifactId><version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
  </properties>
  <dependencies>
    <dependency>
      <groupId>io.fabric8</groupId><artifactId>kubernetes-model-core</artifactId><version>7.3.1</version>
    </dependency>
    <dependency>
      <groupId>io.kubernetes</groupId><artifactId>client-java</artifactId><version>24.0.0</version>
    </dependency>
  </dependencies>
</project>
XML
cat > src/main/java/Probe.java <<'JAVA'
import io.fabric8.kubernetes.api.model.Quantity;
import io.kubernetes.client.custom.QuantityFormatter;

public class Probe {
  public static void main(String[] arguments) throws Exception {
    System.out.println("fabric8 1Ei " + Quantity.getAmountInBytes(Quantity.parse("1Ei")).toPlainString());
    System.out.println("client-java 1Ei " + new QuantityFormatter().parse("1Ei").getNumber().toPlainString());
    System.out.println("client-java 0.5Gi "
        + io.kubernetes.client.custom.Quantity.fromString("0.5Gi").toSuffixedString());
  }
}
JAVA
{
  venv/bin/python - <<'PY'
from kubernetes.utils.quantity import parse_quantity

for text in ('1K', '1 Gi', '1_0', '12e6Ki', 'Infinity', '1Ei'):
    print(f'python {text} {parse_quantity(text):f}')
PY
  mvn --quiet --batch-mode compile org.codehaus.mojo:exec-maven-plugin:3.6.4:java \
    -Dexec.mainClass=Probe |
    sed 's/\x1b\[[0-9;]*m//g'
} > seen
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
python 1K 1000
python 1 Gi 1073741824
python 1_0 10
python 12e6Ki 12288000000
python Infinity Infinity
python 1Ei 1152921504606846976
fabric8 1Ei 1152921504606847000
client-java 1Ei 1152921504606847000
client-java 0.5Gi 536870912
WANTED
