"""Keys tell nothing without the installation's secret."""

import hashlib
import hmac

from brain_core.store import kept, keys
from tests.store.sample_rows import key


def test_a_key_is_a_keyed_hash(settings):
    found = keys.scan_key(key("scan"))
    secret = (settings.home / "pseudonyms.key").read_bytes()
    assert found == hmac.new(secret, b"key of scan\0" + key("scan").encode(), hashlib.sha256).hexdigest()
    assert kept.KEY.fullmatch(found)
    assert found == keys.scan_key(key("scan")) == keys.case_key(key("scan"))
    assert found != keys.scan_key(key("other"))


def test_another_installation_has_other_keys(set_environment, tmp_path):
    here = keys.scan_key(key("scan"))
    set_environment(BRAIN_HOME=tmp_path / "elsewhere")
    assert keys.scan_key(key("scan")) != here
