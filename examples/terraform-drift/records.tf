resource "aws_s3_bucket" "records" {
  count = var.record_bucket != null && var.create_record_bucket ? 1 : 0

  bucket = var.record_bucket
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "records" {
  count = length(aws_s3_bucket.records)

  bucket                  = aws_s3_bucket.records[count.index].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "records" {
  count = length(aws_s3_bucket.records)

  bucket = aws_s3_bucket.records[count.index].id

  versioning_configuration {
    status = "Enabled"
  }
}
