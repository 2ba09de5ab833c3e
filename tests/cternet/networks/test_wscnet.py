"""WSCNet's coupled head, against the paper's formulas place by place."""

import torch

from cternet.networks.wscnet import WSCNetHead

CHANNELS, CLASSES, PER_CLASS = 6, 3, 2


def test_the_map_couples_with_the_features():
    head, x = WSCNetHead(CHANNELS, CLASSES, PER_CLASS), torch.randn(2, CHANNELS, 4, 5)
    torch.nn.init.normal_(head.sentiment_map.conv.weight)
    y, v, s = head(x)
    for image in range(2):
        maps = [[0.0] * 20 for _ in range(CLASSES)]
        for k in range(CLASSES):
            for p in range(20):
                place = x[image].flatten(1)[:, p]
                rows = range(k * PER_CLASS, (k + 1) * PER_CLASS)
                weight, bias = head.sentiment_map.conv.weight[:, :, 0, 0], head.sentiment_map.conv.bias
                maps[k][p] = sum(float(weight[r] @ place + bias[r]) for r in rows) / PER_CLASS
        means = [sum(row) / 20 for row in maps]
        sentiment = [sum(means[k] * maps[k][p] for k in range(CLASSES)) / CLASSES for p in range(20)]
        torch.testing.assert_close(v[image], torch.tensor(means), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(s[image, 0].flatten(), torch.tensor(sentiment), atol=1e-4, rtol=1e-4)
        coupled = sum(sentiment[p] * x[image].flatten(1)[:, p] for p in range(20)) / 20
        features = torch.cat([x[image].flatten(1).mean(dim=1), coupled])
        torch.testing.assert_close(y[image], head.classifier(features), atol=1e-4, rtol=1e-4)
