variable "runtime" {
  type    = string
  default = "syn-nodejs-puppeteer-15.0"
}

variable "alarm_topic_arn" {
  type = string
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "results" {
  bucket = "synthetics-checkout-${data.aws_caller_identity.current.account_id}"
}

resource "aws_s3_bucket_public_access_block" "results" {
  bucket                  = aws_s3_bucket.results.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "results" {
  bucket = aws_s3_bucket.results.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket = aws_s3_bucket.results.id
  rule {
    id     = "expire"
    status = "Enabled"
    expiration {
      days = 31
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "canary" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.results.arn}/*"]
  }
  statement {
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["CloudWatchSynthetics"]
    }
  }
}

resource "aws_iam_role" "canary" {
  name_prefix        = "synthetics-checkout-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "canary" {
  role   = aws_iam_role.canary.id
  policy = data.aws_iam_policy_document.canary.json
}

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/code"
  output_path = "${path.module}/.build/code.zip"
}

resource "aws_synthetics_canary" "journey" {
  name                 = "checkout-journey"
  artifact_s3_location = "s3://${aws_s3_bucket.results.bucket}/checkout/"
  execution_role_arn   = aws_iam_role.canary.arn
  runtime_version      = var.runtime
  handler              = "journey.handler"
  zip_file             = data.archive_file.code.output_path
  start_canary         = true

  schedule {
    expression = "rate(1 minute)"
  }

  run_config {
    timeout_in_seconds = 50
    environment_variables = {
      BASE_URL = "https://checkout.example.com"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "journey" {
  alarm_name          = "checkout-journey-fails"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.journey.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 100
  treat_missing_data  = "breaching"
  alarm_actions       = [var.alarm_topic_arn]
}
