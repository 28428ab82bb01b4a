# Exit codes say what a run found: 2 is drift, anything else but 0 is a run that failed; one that did not start has none.

locals {
  stopped = {
    clusterArn = [var.cluster_arn]
    group      = ["family:${aws_ecs_task_definition.this.family}"]
    lastStatus = ["STOPPED"]
  }

  notices = {
    drift = {
      detail = merge(local.stopped, { containers = { exitCode = [2] } })
      text   = "There is drift."
    }
    failed = {
      detail = merge(local.stopped, {
        "$or" = [
          { containers = { exitCode = [{ anything-but = [0, 2] }] } },
          { stopCode = ["TaskFailedToStart"] },
        ]
      })
      text = "The run failed, and nothing is known of drift."
    }
  }
}

resource "aws_sns_topic" "this" {
  name = var.name
  tags = var.tags
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.notices

  name        = "${var.name}-${each.key}"
  description = each.value.text
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = each.value.detail
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.notices

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_sns_topic.this.arn

  input_transformer {
    input_paths = {
      code   = "$.detail.containers[0].exitCode"
      reason = "$.detail.stoppedReason"
      task   = "$.detail.taskArn"
    }

    # Text is a string of JSON a line; jsonencode would write < and > otherwise.
    input_template = join("\n", [
      "\"reconciler drift (${var.name}): ${each.value.text}\"",
      "\"exit code <code>, <reason>\"",
      "\"task <task>, lines in ${aws_cloudwatch_log_group.this.name}\"",
    ])
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

data "aws_iam_policy_document" "topic" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.this : rule.arn]
    }
  }
}
