"""Spark, local mode: explicit schema, zstd, partitioned write after a repartition by
the partition columns (its documentation's advice against a file per task)."""

from peer import FLAT, main
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

TYPES = {"int": T.LongType(), "text": T.StringType(), "time": T.TimestampType(), "float": T.DoubleType(), "bool": T.BooleanType()}
SCHEMA = T.StructType([T.StructField(name, TYPES[kind]) for name, kind in FLAT])


def connect(threads):
    builder = SparkSession.builder.master(f"local[{threads}]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    builder = builder.config("spark.driver.memory", "4g").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.sql.parquet.compression.codec", "zstd").config("parquet.compression.codec.zstd.level", "1")
    builder = builder.config("spark.sql.shuffle.partitions", "32").config("spark.log.level", "ERROR")
    return builder.getOrCreate()


def read(spark, data):
    return spark.read.schema(SCHEMA).json(data)


def one(spark, data, out):
    read(spark, data).write.mode("overwrite").parquet(out)


def hourly(spark, data, out):
    frame = read(spark, data).withColumn("order_date", F.to_date("event_timestamp")).withColumn("order_hour", F.hour("event_timestamp"))
    frame.repartition("order_date", "order_hour").write.mode("overwrite").partitionBy("order_date", "order_hour").parquet(out)


def compact(spark, data, out):
    spark.read.parquet(f"{data}/part=a").coalesce(2).write.mode("overwrite").parquet(f"{out}/part=a")


def start(spark, data, out):
    spark.range(1).collect()


if __name__ == "__main__":
    main(globals(), connect)
