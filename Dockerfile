# One image for every part of the production shape in compose.yaml: Airflow's services, its workers and the dashboard.

FROM maven:3.9-eclipse-temurin-17 AS verapdf
COPY tests/services/verapdf/pom.xml /build/pom.xml
RUN mvn -B -q -f /build/pom.xml dependency:copy-dependencies -DoutputDirectory=/verapdf

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        tesseract-ocr tesseract-ocr-vie tesseract-ocr-osd poppler-utils libjpeg-turbo-progs \
        fontconfig fonts-liberation2 fonts-dejavu-core default-jre-headless \
    && rm -rf /var/lib/apt/lists/*
COPY --from=verapdf /verapdf /opt/verapdf

WORKDIR /opt/sohoa
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The dependencies are a layer of their own: a changed line of code does not fetch them again.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
extras = project['optional-dependencies']; \
print('\n'.join(project['dependencies'] + extras['airflow'] + extras['celery']))" > requirements.txt \
    && pip install -r requirements.txt -c constraints.txt \
    && rm requirements.txt
COPY . .
RUN pip install --no-deps -c constraints.txt . && mkdir /opt/dags && cp dags/*.py /opt/dags/

RUN useradd --uid 10001 --create-home sohoa \
    && install -d -o sohoa /opt/airflow /opt/airflow/logs /var/lib/sohoa /var/lib/sohoa/pki /var/lib/sohoa/work
USER sohoa
WORKDIR /var/lib/sohoa
ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    OMP_THREAD_LIMIT=1 \
    SOHOA_VERAPDF=/opt/verapdf \
    SOHOA_TEST_PKI_FOLDER=/var/lib/sohoa/pki \
    SOHOA_WORK_FOLDER=/var/lib/sohoa/work
CMD ["sohoa", "serve", "--host", "0.0.0.0", "--port", "8000"]
