"""Whom to cite: BibTeX of the papers behind the methods, metrics and networks that a report shows."""

from __future__ import annotations

from collections.abc import Sequence

from bench.record import Record

# What needs which papers: methods and classifiers by name, metrics by the start of their key.
METHODS: dict[str, tuple[str, ...]] = {
    "biggan-logit": ("teterwak2021understanding", "brock2019large"),
    "biggan-logit-ch64": ("teterwak2021understanding", "brock2019large"),
    "onehot-biggan": ("teterwak2021understanding", "brock2019large"),
    "dosovitskiy-brox-2016a": ("dosovitskiy2016generating",),
    "dosovitskiy-brox-2016b": ("dosovitskiy2016inverting",),
    "mahendran-vedaldi": ("mahendran2015understanding",),
    "engstrom": ("engstrom2019adversarial",),
    "engstrom-features": ("engstrom2019adversarial",),
}
METRICS: dict[str, tuple[str, ...]] = {
    "fid": ("heusel2017gans",),
    "fd_": ("heusel2017gans",),
    "fd_efficientnet_lite0": ("tan2019efficientnet",),
    "kid_": ("binkowski2018demystifying",),
    "kid_efficientnet_lite0": ("tan2019efficientnet",),
    "lpips": ("zhang2018unreasonable",),
    "diversity": ("zhang2018unreasonable",),
    "ssim": ("wang2004image",),
}
CLASSIFIERS: dict[str, tuple[str, ...]] = {"efficientnet_lite0": ("tan2019efficientnet",)}

ENTRIES: dict[str, str] = {
    "teterwak2021understanding": r"""@inproceedings{teterwak2021understanding,
  title     = {Understanding Invariance via Feedforward Inversion of Discriminatively Trained Classifiers},
  author    = {Teterwak, Piotr and Zhang, Chiyuan and Krishnan, Dilip and Mozer, Michael C.},
  booktitle = {International Conference on Machine Learning ({ICML})},
  year      = {2021}
}""",
    "dosovitskiy2016generating": r"""@inproceedings{dosovitskiy2016generating,
  title     = {Generating Images with Perceptual Similarity Metrics based on Deep Networks},
  author    = {Dosovitskiy, Alexey and Brox, Thomas},
  booktitle = {Advances in Neural Information Processing Systems ({NIPS})},
  year      = {2016}
}""",
    "dosovitskiy2016inverting": r"""@inproceedings{dosovitskiy2016inverting,
  title     = {Inverting Visual Representations with Convolutional Networks},
  author    = {Dosovitskiy, Alexey and Brox, Thomas},
  booktitle = {{IEEE} Conference on Computer Vision and Pattern Recognition ({CVPR})},
  year      = {2016}
}""",
    "mahendran2015understanding": r"""@inproceedings{mahendran2015understanding,
  title     = {Understanding Deep Image Representations by Inverting Them},
  author    = {Mahendran, Aravindh and Vedaldi, Andrea},
  booktitle = {{IEEE} Conference on Computer Vision and Pattern Recognition ({CVPR})},
  year      = {2015}
}""",
    "engstrom2019adversarial": r"""@article{engstrom2019adversarial,
  title   = {Adversarial Robustness as a Prior for Learned Representations},
  author  = {Engstrom, Logan and Ilyas, Andrew and Santurkar, Shibani and Tsipras, Dimitris and Tran, Brandon
             and Madry, Aleksander},
  journal = {arXiv preprint arXiv:1906.00945},
  year    = {2019}
}""",
    "brock2019large": r"""@inproceedings{brock2019large,
  title     = {Large Scale {GAN} Training for High Fidelity Natural Image Synthesis},
  author    = {Brock, Andrew and Donahue, Jeff and Simonyan, Karen},
  booktitle = {International Conference on Learning Representations ({ICLR})},
  year      = {2019}
}""",
    "zhang2018unreasonable": r"""@inproceedings{zhang2018unreasonable,
  title     = {The Unreasonable Effectiveness of Deep Features as a Perceptual Metric},
  author    = {Zhang, Richard and Isola, Phillip and Efros, Alexei A. and Shechtman, Eli and Wang, Oliver},
  booktitle = {{IEEE} Conference on Computer Vision and Pattern Recognition ({CVPR})},
  year      = {2018}
}""",
    "wang2004image": r"""@article{wang2004image,
  title   = {Image Quality Assessment: From Error Visibility to Structural Similarity},
  author  = {Wang, Zhou and Bovik, Alan C. and Sheikh, Hamid R. and Simoncelli, Eero P.},
  journal = {{IEEE} Transactions on Image Processing},
  volume  = {13},
  number  = {4},
  year    = {2004}
}""",
    "heusel2017gans": r"""@inproceedings{heusel2017gans,
  title     = {{GANs} Trained by a Two Time-Scale Update Rule Converge to a Local {Nash} Equilibrium},
  author    = {Heusel, Martin and Ramsauer, Hubert and Unterthiner, Thomas and Nessler, Bernhard and Hochreiter, Sepp},
  booktitle = {Advances in Neural Information Processing Systems ({NIPS})},
  year      = {2017}
}""",
    "binkowski2018demystifying": r"""@inproceedings{binkowski2018demystifying,
  title     = {Demystifying {MMD} {GANs}},
  author    = {Bi{\'n}kowski, Miko{\l}aj and Sutherland, Danica J. and Arbel, Michael and Gretton, Arthur},
  booktitle = {International Conference on Learning Representations ({ICLR})},
  year      = {2018}
}""",
    "tan2019efficientnet": r"""@inproceedings{tan2019efficientnet,
  title     = {{EfficientNet}: Rethinking Model Scaling for Convolutional Neural Networks},
  author    = {Tan, Mingxing and Le, Quoc V.},
  booktitle = {International Conference on Machine Learning ({ICML})},
  year      = {2019}
}""",
}


def bibtex(records: Sequence[Record]) -> str:
    """The entries that the shown methods, classifiers and metrics (those with a value) need, each once."""
    scores = [table for record in records for table in (record.metrics, *(level.metrics for level in record.levels))]
    shown = {key for table in scores for key, score in table.items() if score.value is not None}
    needed = {
        *(paper for record in records for paper in METHODS.get(record.method, ())),
        *(paper for record in records for paper in CLASSIFIERS.get(record.classifier, ())),
        *(
            paper
            for start, papers in METRICS.items()
            if any(key.startswith(start) for key in shown)
            for paper in papers
        ),
    }
    return "".join(f"{text}\n\n" for key, text in ENTRIES.items() if key in needed)
