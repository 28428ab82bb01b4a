data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# What reconciler itself may do: read.

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "task" {
  name   = "drift"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

data "aws_iam_policy_document" "task" {
  source_policy_documents = var.policies

  # The same as `reconciler iam-policy drift` prints, for every project at once.
  dynamic "statement" {
    for_each = length(var.policies) == 0 ? [true] : []

    content {
      actions   = ["ecs:DescribeServices"]
      resources = var.service_arns != null ? var.service_arns : ["arn:${local.partition}:ecs:${local.region}:${local.account}:service/*"]
    }
  }

  # Neither takes a resource (Service Authorization Reference).
  dynamic "statement" {
    for_each = length(var.policies) == 0 ? [true] : []

    content {
      actions   = ["application-autoscaling:DescribeScalableTargets", "ecs:DescribeTaskDefinition"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = length(var.object_arns) > 0 ? [true] : []

    content {
      actions   = ["s3:GetObject"]
      resources = var.object_arns
    }
  }

  # What was told to whom.
  dynamic "statement" {
    for_each = var.record_bucket != null ? ["arn:${local.partition}:s3:::${var.record_bucket}"] : []

    content {
      actions   = ["s3:PutObject"]
      resources = ["${statement.value}/notified/*"]
    }
  }

  # Without ListBucket a record that is not there yet reads as one that is forbidden.
  dynamic "statement" {
    for_each = var.record_bucket != null ? ["arn:${local.partition}:s3:::${var.record_bucket}"] : []

    content {
      actions   = ["s3:GetObject", "s3:ListBucket"]
      resources = [statement.value, "${statement.value}/*"]
    }
  }
}

# What ECS does to start it: pull the image, read its secrets, write its lines.

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = var.repository_arn != null ? [var.repository_arn] : []

    content {
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.repository_arn != null ? [true] : []

    content {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = length(var.secrets) > 0 ? [true] : []

    content {
      actions = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
      # A key of a secret (`…:secret:NAME:KEY::`) is read with the secret, whose ARN has seven parts.
      resources = distinct([for arn in values(var.secrets) : join(":", slice(split(":", arn), 0, min(7, length(split(":", arn)))))])
    }
  }
}

# What the schedule does: run this task, with these roles, in this cluster.

data "aws_iam_policy_document" "schedule_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "schedule" {
  name               = "${var.name}-schedule"
  assume_role_policy = data.aws_iam_policy_document.schedule_assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "schedule" {
  name   = "run"
  role   = aws_iam_role.schedule.id
  policy = data.aws_iam_policy_document.schedule.json
}

data "aws_iam_policy_document" "schedule" {
  statement {
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.this.arn_without_revision}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  # Tags of the task definition are put on the task.
  statement {
    actions   = ["ecs:TagResource"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }

  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.task.arn, aws_iam_role.execution.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}
